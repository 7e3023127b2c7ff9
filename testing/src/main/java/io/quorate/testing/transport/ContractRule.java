package io.quorate.testing.transport;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;

/** A test of one rule of the transport contract. Its method is named {@code required_t<number>_...}. */
@Documented
@Test
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface ContractRule {

    /** The rule's number in {@code docs/transport-contract.md}. */
    int number();

    /** The rule's sentence there. */
    String text();
}
