/** Node processes on this machine: started with this distribution's launcher, watched, and never left behind. */
package io.quorate.distribution.process;
