/** The simulation of whole clusters, with everything that is in the box. */
package io.quorate.distribution.simulation;
