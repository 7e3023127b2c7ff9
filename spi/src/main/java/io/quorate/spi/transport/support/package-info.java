/**
 * What every transport needs and no network library is needed for: the parts of the contract that are the same
 * everywhere, so that a refusal, a goodbye or a limit is the same on every transport, a third party's included.
 * Everything here is optional: a transport may do the same in its own way.
 */
package io.quorate.spi.transport.support;
