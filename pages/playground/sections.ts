export const baseNames = ['kickoff'] as const
