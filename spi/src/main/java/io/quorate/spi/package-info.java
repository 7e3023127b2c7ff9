/** What all plugins have in common. The services themselves are in the packages beside this one. */
package io.quorate.spi;
