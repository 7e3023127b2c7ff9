/** How plugins are found and chosen. The services themselves are in the packages beside this one. */
package io.quorate.spi;
