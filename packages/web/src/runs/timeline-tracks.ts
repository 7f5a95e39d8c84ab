// The two columns of the timeline: names at the left, bars at the right; on phones the names get less.
export const timelineTracks =
  "grid grid-cols-[minmax(8.5rem,34%)_minmax(0,1fr)] lg:grid-cols-[minmax(15rem,28%)_minmax(0,1fr)]";
