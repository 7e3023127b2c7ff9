/** A whole cluster on one machine: its folder, its processes, a live view of it, and the story that checks it. */
package io.quorate.distribution.quickstart;
