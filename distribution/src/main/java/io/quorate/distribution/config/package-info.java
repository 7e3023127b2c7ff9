/** The configuration files of nodes and clients: strict, with errors that name file, line and remedy. */
package io.quorate.distribution.config;
