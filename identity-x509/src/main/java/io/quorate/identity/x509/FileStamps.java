package io.quorate.identity.x509;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * By what a change of the three files is noticed without reading them: size, modification time and the file itself. The
 * last because a file renamed into place may have an old time and the same size.
 */
record FileStamps(List<String> stamps) {

    static FileStamps of(X509Settings settings) {
        List<String> stamps = new ArrayList<>(3);
        for (Path file : List.of(settings.certificate(), settings.key(), settings.trust())) {
            stamps.add(stamp(file));
        }
        return new FileStamps(List.copyOf(stamps));
    }

    private static String stamp(Path file) {
        try {
            BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
            return found.size() + " " + found.lastModifiedTime().toInstant() + " " + Objects.toString(found.fileKey());
        } catch (IOException e) {
            // A stamp like others: reading will fail and say why, once, and the stamp changes when the file is back.
            return "unreadable";
        }
    }
}
