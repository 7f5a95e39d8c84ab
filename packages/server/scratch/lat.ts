import * as sql from "@sluice/core/store/sqlite";
import { rmSync, mkdirSync } from "node:fs";
import { Database } from "bun:sqlite"; import { migrate } from "../../core/src/store/sqlite/migrate.ts";
const dir="/tmp/spike/bd"; rmSync(dir,{recursive:true,force:true}); mkdirSync(dir,{recursive:true});
const mdb=new Database(dir+"/state.db",{create:true}); mdb.run("pragma journal_mode=wal"); migrate(mdb); mdb.close();
const store = await (sql as any).openSqliteStore({ file: dir+"/state.db", onFatal:(e:any)=>{console.log(e);process.exit(1)} });
const by={kind:"system",id:"x"}; const v=new Uint8Array(10);
const T:Record<string,number[]>={};
async function m(k:string,f:()=>Promise<any>){const a=performance.now();const r=await f();(T[k]??=[]).push(performance.now()-a);return r;}
for(let i=0;i<1500;i++){ const now=Date.now(); const id="run_"+String(i).padStart(10,"0");
 await m("create",()=>store.createRun({by,run:{id,workflow:"w",version:"v",input:v,priority:0,tags:[],createdAt:now,dueAt:now},claim:{owner:"me"},now}));
 for(let s=0;s<3;s++) await m("done",()=>store.append({run:id,epoch:1,now,ops:[{op:"done",kind:"step",seq:s,name:"s"+s,n:0,at:now,attempt:1,value:v}]}));
 await m("finish",()=>store.append({run:id,epoch:1,now,ops:[{op:"finish",status:"completed",output:v}]}));
}
for(const [k,t] of Object.entries(T)){t.sort((a,b)=>a-b);const q=(p:number)=>t[Math.floor(t.length*p)]!.toFixed(3);console.log(k,"p50",q(.5),"p90",q(.9),"p95",q(.95),"p99",q(.99),"max",t.at(-1)!.toFixed(2));}
process.exit()
