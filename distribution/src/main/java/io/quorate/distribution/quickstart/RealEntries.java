package io.quorate.distribution.quickstart;

import io.quorate.distribution.output.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneId;
import java.time.zone.ZoneRules;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A thousand real entries that are wherever Java is: the time zones of the IANA database, the countries of ISO 3166,
 * the currencies of ISO 4217 and the languages of ISO 639, as JSON Lines. Names are in English, many are not ASCII.
 */
final class RealEntries {

    static final int COUNT = 1_000;

    /** A fixed moment, so that the rules of the zones and with them the values do not depend on the day. */
    private static final Instant MOMENT = Instant.parse("2025-01-01T00:00:00Z");

    private RealEntries() {
    }

    /** Writes {@link #COUNT} entries in order of key, and returns them. */
    static Map<String, String> write(Path file) throws IOException {
        TreeMap<String, String> all = all();
        TreeMap<String, String> chosen = new TreeMap<>();
        List<String> lines = new ArrayList<>(COUNT);
        for (Map.Entry<String, String> entry : all.entrySet()) {
            if (lines.size() == COUNT) {
                break;
            }
            chosen.put(entry.getKey(), entry.getValue());
            lines.add(Json.line(Json.object("key", entry.getKey(), "value", entry.getValue())));
        }
        if (lines.size() < COUNT) {
            throw new IOException("found " + lines.size() + " names in this Java runtime, expected at least " + COUNT
                + "; use the runtime that came with the distribution");
        }
        Files.write(file, lines);
        return chosen;
    }

    private static TreeMap<String, String> all() {
        TreeMap<String, String> entries = new TreeMap<>();
        for (String country : Locale.getISOCountries()) {
            Locale locale = Locale.of("", country);
            entries.put("country/" + country, locale.getDisplayCountry(Locale.ENGLISH));
        }
        for (Currency currency : Currency.getAvailableCurrencies()) {
            entries.put("currency/" + currency.getCurrencyCode(), currency.getDisplayName(Locale.ENGLISH));
        }
        for (String language : Locale.getISOLanguages()) {
            Locale locale = Locale.of(language);
            entries.put("language/" + language, locale.getDisplayLanguage(locale));
        }
        for (String id : ZoneId.getAvailableZoneIds()) {
            ZoneRules rules = ZoneId.of(id).getRules();
            entries.put("timezone/" + id, rules.getOffset(MOMENT) + (rules.isFixedOffset() ? "" : ", "
                + rules.getTransitionRules().size() + " rules, " + rules.getTransitions().size() + " transitions"));
        }
        return entries;
    }
}
