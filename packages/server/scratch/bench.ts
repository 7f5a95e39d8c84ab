import { Engine, Ids, systemRandom, systemClock, unwrap } from "@sluice/core";
import * as sql from "@sluice/core/store/sqlite";
import { attachInProcess, systemWorkerClock, workerLimits, manifestOf } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { workflow } from "@sluice/sdk";
import { encodeValue } from "@sluice/protocol";
import { EmbeddedClient } from "../src/embedded/client.ts";
import { rmSync, mkdirSync } from "node:fs";
const dir="/tmp/spike/bd"; rmSync(dir,{recursive:true,force:true}); mkdirSync(dir,{recursive:true});
const w = workflow({name:"three"}, async (ctx, input: {n:number}) => {
  const a = await ctx.step("a", () => input.n+1);
  const b = await ctx.step("b", () => a*2);
  return await ctx.step("c", () => b+1);
});
const many = workflow({name:"many"}, async (ctx, input: {n:number}) => { const t:number[]=[]; for(let i=0;i<input.n;i++){const a=performance.now(); await ctx.step("s",()=>i); t.push(performance.now()-a);} (globalThis as any).T=t; return 1; });
import { openEmbedded } from "../src/embedded/open.ts";
const c = await openEmbedded({data:dir,workflows:[w,many]}) as any; const engine={store:{getRun:async()=>1},counters:1,hotRuns:1};
async function one(n:number){const h=await c.start(w,{n}); return await h.result();}
console.log("start"); const h0=await c.start(w,{n:1}); console.log("started",h0.id); setTimeout(async()=>{console.log(await engine.store.getRun({run:h0.id}), engine.counters, engine.hotRuns)},1000); await h0.result(); console.log("one done");
if(process.argv[2]==="p"){let k=0;const N=40000;const a=performance.now();const cu=process.cpuUsage();await Promise.all(Array.from({length:256},async()=>{while(k<N){k++;await one(k)}}));const cv=process.cpuUsage(cu);console.log("runs/s",(N/((performance.now()-a)/1000)).toFixed(0),"cpu us/run",((cv.user+cv.system)/N).toFixed(1));await c.close();process.exit(0)}
for(let i=0;i<300;i++) await one(i);
const t:number[]=[];for(let i=0;i<1000;i++){const a=performance.now();await one(i);t.push(performance.now()-a)}
t.sort((a,b)=>a-b);console.log("c=1 p50",t[500]!.toFixed(3),"p95",t[950]!.toFixed(3),"p99",t[990]!.toFixed(3));
for(const C of [32,256]){const N=C===32?10000:30000;let k=0;const a=performance.now();await Promise.all(Array.from({length:C},async()=>{while(k<N){k++;await one(k)}}));const s=(performance.now()-a)/1000;console.log("c",C,"runs/s",(N/s).toFixed(0))}
await (await c.start(many,{n:1000})).result(); const T=(globalThis as any).T as number[]; const med=(x:number[])=>x.slice().sort((a,b)=>a-b)[x.length>>1]!.toFixed(3); console.log("1000 steps: 51-100",med(T.slice(50,100)),"951-1000",med(T.slice(950)));
await c.close();
