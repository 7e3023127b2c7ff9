package io.quorate.distribution.cli;

import io.quorate.kv.KvEntry;
import io.quorate.kv.KvEvent;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The store's values as JSON. */
final class KvJson {

    private KvJson() {
    }

    static Map<String, Object> entry(KvEntry entry, boolean withValue) {
        Map<String, Object> object = new LinkedHashMap<>();
        Values.put(object, "key", entry.key());
        if (withValue) {
            Values.put(object, "value", entry.value());
        }
        object.put("version", entry.version());
        object.put("createRevision", entry.createRevision());
        object.put("modRevision", entry.modRevision());
        return object;
    }

    static Map<String, Object> event(KvEvent event) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("event", event.kind().name().toLowerCase(Locale.ROOT));
        Values.put(object, "key", event.key());
        if (event.kind() == KvEvent.Kind.PUT) {
            Values.put(object, "value", event.value());
        }
        object.put("version", event.version());
        object.put("revision", event.revision());
        return object;
    }
}
