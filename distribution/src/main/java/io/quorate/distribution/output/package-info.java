/** How results are written: aligned tables for people, JSON for programs. */
package io.quorate.distribution.output;
