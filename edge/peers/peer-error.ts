/** What went wrong with a peer or the choice of an edge, in words for the person who asked for it: print no stack. */
export class PeerError extends Error {}
