/**
 * The composition root: the one place that knows which implementation stands behind which interface. Guice lives here.
 */
package io.quorate.distribution.compose;
