import { constants, setPriority } from 'node:os'

// For tests that only compute: this process and what it starts take what CPU others leave, so that a storm that is
// measured beside them does not wait for them.

setPriority(constants.priority.PRIORITY_LOW)
