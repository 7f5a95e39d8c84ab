// The product's sign: water passing a gate.

export function Logo({ size = 22 }: { readonly size?: number }) {
  return (
    <svg aria-hidden width={size} height={size} viewBox="0 0 32 32" className="shrink-0">
      <rect width="32" height="32" rx="7" className="fill-accent" />
      <path d="M7 11h18M7 16h11M7 21h14" stroke="#fff" strokeWidth="2.6" strokeLinecap="round" fill="none" />
      <path d="M22.5 14v10" stroke="#fff" strokeOpacity="0.65" strokeWidth="2.6" strokeLinecap="round" />
    </svg>
  );
}
