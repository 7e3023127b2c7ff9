package io.quorate.distribution.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.NodeId;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Values come out as JSON of the right type, keys in the order given. */
final class JsonTest {

    @Test
    void writesEveryType() {
        assertEquals("{\"text\":\"a\\\"\\n\\u0000\",\"int\":1,\"long\":9007199254740993,\"double\":0.5,\"yes\":true,"
            + "\"none\":null,\"empty\":null,\"present\":\"x\",\"node\":\"n1\",\"list\":[1,[],{}]}",
            Json.line(Json.object("text", "a\"\n\0", "int", 1, "long", 9007199254740993L, "double", 0.5, "yes", true,
                "none", null, "empty", Optional.empty(), "present", Optional.of("x"), "node", new NodeId("n1"),
                "list", List.of(1, List.of(), Json.object()))));
    }

    @Test
    void aLineIsOneLineAndADocumentIsIndented() {
        Object value = Json.object("a", List.of("x\ny"));
        assertEquals(1, Json.line(value).lines().count());
        assertTrue(Json.document(value).lines().count() > 1);
    }
}
