// The two columns of the timeline: names at the left, bars at the right; on phones the names get less.
export const timelineTracks =
  "grid grid-cols-[40%_minmax(0,1fr)] sm:grid-cols-[minmax(12rem,34%)_minmax(0,1fr)] xl:grid-cols-[minmax(14rem,28%)_minmax(0,1fr)]";
