/** How plugins are found and chosen: one table, no silent preferences. */
package io.quorate.spi.plugin;
