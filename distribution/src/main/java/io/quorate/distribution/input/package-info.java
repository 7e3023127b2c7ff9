/** Readers of files of entries: JSON Lines and Java properties, streamed, with line numbers in every complaint. */
package io.quorate.distribution.input;
