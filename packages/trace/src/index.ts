/** True: this build traces. Resolved only under the export condition `p2p-trace`. */
export const TRACE: boolean = true;
