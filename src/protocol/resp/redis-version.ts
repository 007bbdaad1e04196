/** The version of Redis whose commands and replies the RESP port follows: what tools look at before they ask more. */
export const REDIS_VERSION = '7.4.0';
