package io.quorate.raft.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.quorate.api.Bytes;
import io.quorate.api.ClusterId;
import io.quorate.api.NodeId;
import io.quorate.spi.consensus.EntryType;
import io.quorate.spi.consensus.Membership;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;

/** The store on the real disk. */
final class FileLogStoreTest {

    @TempDir
    private Path parent;

    private Path directory() {
        return parent.resolve("data");
    }

    private FileLogStore open() throws IOException {
        return FileLogStore.open(Stores.options(directory()));
    }

    @Test
    void what_was_stored_is_there_after_a_restart() throws IOException {
        List<LogEntry> log = new ArrayList<>();
        LogEntry configuration = Stores.CODEC.encode(1, 1, EntryType.CONFIGURATION, List.of(Stores.BOOTSTRAP.encode()));
        try (FileLogStore store = open()) {
            assertTrue(store.report().created());
            assertEquals(0, store.lastIndex());
            assertEquals(1, store.firstIndex());
            assertEquals(HardState.INITIAL, store.hardState());
            store.saveHardState(Stores.state(4, "n2"));
            store.append(List.of(configuration));
            log.add(configuration);
            for (int i = 0; i < 40; i++) {
                List<LogEntry> batch = Stores.entries(1 + i / 10, log.size() + 1, 3, 60);
                store.append(batch);
                log.addAll(batch);
                if (i % 3 == 0) {
                    store.sync();
                }
                assertEquals(log.get(i), store.read(i + 1, log.size(), 1).get(0));
            }
            assertEquals(log, Stores.readAll(store));
        }
        try (FileLogStore store = open()) {
            assertFalse(store.report().created());
            assertEquals(List.of(), store.report().repairs());
            assertEquals(log, Stores.readAll(store));
            assertEquals(Stores.state(4, "n2"), store.hardState());
            assertEquals(Stores.BOOTSTRAP, store.bootstrap());
            assertEquals(List.of(configuration), store.configurations());
            assertEquals(4, store.terms().lastTerm());
        }
        assertTrue(Files.list(directory().resolve("log")).count() > 5, "expected several segments");
    }

    @Test
    void truncation_crosses_segments_and_what_comes_after_replaces_what_was_cut() throws IOException {
        try (FileLogStore store = open()) {
            store.saveHardState(Stores.state(1, null));
            store.append(List.of(Stores.CODEC.encode(1, 1, EntryType.CONFIGURATION, List.of())));
            for (int i = 2; i <= 60; i++) {
                store.append(Stores.entries(1, i, 1, 60));
            }
            store.sync();
            store.truncateFrom(61);
            assertEquals(60, store.lastIndex());
            store.truncateFrom(5);
            assertEquals(4, store.lastIndex());
            assertEquals(1, store.configurations().size());
            assertThrows(IndexOutOfBoundsException.class, () -> store.read(5, 5, 100));
            store.saveHardState(Stores.state(2, null));
            store.append(Stores.entries(2, 5, 2, 60));
            store.truncateFrom(1);
            assertEquals(0, store.configurations().size());
            store.append(Stores.entries(2, 1, 3, 10));
        }
        try (FileLogStore store = open()) {
            assertEquals(Stores.entries(2, 1, 3, 10), Stores.readAll(store));
            assertEquals(1, Files.list(directory().resolve("log")).count());
        }
    }

    @Test
    void what_breaks_the_rules_of_raft_is_refused_and_changes_nothing() throws IOException {
        try (FileLogStore store = open()) {
            store.saveHardState(Stores.state(5, "n2"));
            assertThrows(IllegalArgumentException.class, () -> store.saveHardState(Stores.state(4, null)));
            assertThrows(IllegalArgumentException.class, () -> store.saveHardState(Stores.state(5, "n3")));
            assertThrows(IllegalArgumentException.class, () -> store.saveHardState(Stores.state(5, null)));
            assertThrows(IllegalArgumentException.class, () -> store.append(Stores.entries(6, 1, 1, 1)));
            assertThrows(IllegalArgumentException.class, () -> store.append(Stores.entries(5, 2, 1, 1)));
            store.append(Stores.entries(4, 1, 1, 1));
            assertThrows(IllegalArgumentException.class, () -> store.append(Stores.entries(3, 2, 1, 1)));
            assertThrows(IllegalArgumentException.class, () -> store.truncateFrom(0));
            store.append(Stores.entries(5, 2, 1, 1));
            assertEquals(2, store.lastIndex());
        }
    }

    @Test
    void batches_larger_than_a_segment_and_than_the_buffer_are_stored_whole() throws IOException {
        List<LogEntry> large = new ArrayList<>(Stores.entries(1, 1, 1, 20_000));
        large.addAll(Stores.entries(1, 2, 40, 700));
        try (FileLogStore store = open()) {
            store.saveHardState(Stores.state(1, null));
            store.append(large);
        }
        try (FileLogStore store = open()) {
            assertEquals(large, Stores.readAll(store));
            assertEquals(41, store.read(1, 41, Integer.MAX_VALUE).size());
            assertEquals(2, store.read(2, 41, 2 * large.get(1 + 1).encoded().length()).size());
        }
    }

    @Test
    void long_segments_are_read_from_the_middle() throws IOException {
        StorageOptions options = new StorageOptions(directory(), Stores.CLUSTER, Stores.NODE, Stores.BOOTSTRAP,
            Instant.EPOCH, () -> 7);
        List<LogEntry> log = Stores.entries(1, 1, 3000, 200);
        try (FileLogStore store = FileLogStore.open(options)) {
            store.saveHardState(Stores.state(1, null));
            store.append(log);
            assertRandomReads(store, log);
        }
        try (FileLogStore store = FileLogStore.open(options)) {
            assertRandomReads(store, log);
            store.truncateFrom(1500);
            assertRandomReads(store, log.subList(0, 1499));
        }
    }

    private static void assertRandomReads(LogStore store, List<LogEntry> log) throws IOException {
        for (int from = 1; from <= log.size(); from += 97) {
            List<LogEntry> read = store.read(from, log.size(), 2000);
            assertEquals(log.subList(from - 1, from - 1 + read.size()), read);
            assertTrue(from == log.size() || read.size() > 1 || log.size() - from < 1);
        }
    }

    @Test
    void only_the_owner_may_look_in() throws IOException {
        Files.createDirectory(directory());
        Files.setPosixFilePermissions(directory(), PosixFilePermissions.fromString("rwxr-xr-x"));
        try (FileLogStore store = open()) {
            store.saveHardState(Stores.state(1, null));
            store.append(Stores.entries(1, 1, 12, 60));
        }
        try (Stream<Path> all = Files.walk(directory())) {
            for (Path path : all.toList()) {
                assertEquals(Files.isDirectory(path) ? "rwx------" : "rw-------",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(path)), path.toString());
            }
        }
    }

    private StorageRefusedException refused(StorageOptions options, Reason reason, String... words) {
        StorageRefusedException refusal =
            assertThrows(StorageRefusedException.class, () -> FileLogStore.open(options));
        assertEquals(reason, refusal.reason());
        for (String word : words) {
            assertTrue(refusal.getMessage().contains(word), refusal.getMessage());
        }
        return refusal;
    }

    @Test
    void another_cluster_or_node_is_refused() throws IOException {
        open().close();
        refused(new StorageOptions(directory(), new ClusterId("other"), Stores.NODE, Stores.BOOTSTRAP, Instant.EPOCH,
            () -> 7), Reason.FOREIGN, "found cluster \"demo\"", "expected \"other\"");
        refused(new StorageOptions(directory(), Stores.CLUSTER, new NodeId("n9"), Stores.BOOTSTRAP, Instant.EPOCH,
            () -> 7), Reason.FOREIGN, "found node \"n1\"", "expected \"n9\"");
        open().close();
    }

    @Test
    void another_format_is_refused_whatever_else_it_holds() throws IOException {
        open().close();
        Path version = directory().resolve("VERSION");
        Files.writeString(version, "quorate raft data\nformat 3\nand other things\n");
        refused(Stores.options(directory()), Reason.NEWER_FORMAT, "found format 3", "expected at most 2", "later");
        Files.writeString(version, "quorate raft data\nformat 1\nand other things\n");
        refused(Stores.options(directory()), Reason.OLDER_FORMAT, "found format 1", "expected 2", "join anew");
        Files.writeString(version, "something else\n");
        refused(Stores.options(directory()), Reason.DAMAGED, "something else");
    }

    @Test
    void each_directory_has_a_number_of_its_own_and_keeps_it() throws IOException {
        StorageOptions drawing = new StorageOptions(directory(), Stores.CLUSTER, Stores.NODE, Stores.BOOTSTRAP,
            Instant.EPOCH, () -> -4711);
        FileLogStore.open(drawing).close();
        try (FileLogStore store = open()) {
            assertEquals(-4711, store.storeNumber());
        }
        String text = Files.readString(directory().resolve("VERSION"));
        assertTrue(text.contains("\nstore ffffffffffffed99\n"), text);
    }

    @Test
    void the_bootstrap_configuration_of_the_first_start_stays() throws IOException {
        open().close();
        StorageOptions other = new StorageOptions(directory(), Stores.CLUSTER, Stores.NODE,
            Membership.ofVoters(Map.of()), Instant.EPOCH, () -> 7);
        try (FileLogStore store = FileLogStore.open(other)) {
            assertEquals(Stores.BOOTSTRAP, store.bootstrap());
        }
    }

    @Test
    void a_second_store_in_this_process_is_refused_and_does_not_take_the_lock_away() throws IOException {
        try (FileLogStore store = open()) {
            for (int i = 0; i < 2; i++) {
                refused(Stores.options(directory()), Reason.IN_USE, "in use", "this very process",
                    Long.toString(ProcessHandle.current().pid()));
            }
            assertEquals(1, lockFromAnotherProcess().waitForExit());
            store.sync();
        }
        open().close();
    }

    @Test
    void a_directory_that_another_process_has_is_refused_with_its_pid() throws IOException {
        open().close();
        Other other = lockFromAnotherProcess();
        try {
            assertEquals('L', other.firstByte());
            refused(Stores.options(directory()), Reason.IN_USE, "process " + other.process.pid(), "Stop that process");
        } finally {
            other.process.destroyForcibly();
        }
        other.waitForExit();
        open().close();
    }

    private record Other(Process process) {

        int firstByte() {
            return assertTimeoutPreemptively(Duration.ofSeconds(20), () -> process.getInputStream().read());
        }

        int waitForExit() {
            return assertTimeoutPreemptively(Duration.ofSeconds(20), () -> process.waitFor());
        }
    }

    private Other lockFromAnotherProcess() throws IOException {
        String path = Stream.of(FileLogStoreTest.class, FileLogStore.class, Bytes.class, Membership.class, Logger.class)
            .map(type -> type.getProtectionDomain().getCodeSource().getLocation())
            .map(url -> Path.of(URI.create(url.toString())).toString())
            .distinct().collect(Collectors.joining(File.pathSeparator))
            + File.pathSeparator + System.getProperty("java.class.path") + File.pathSeparator + testClasses();
        return new Other(new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", path, LockHolder.class.getName(),
            directory().resolve(DataFiles.LOCK).toString()).start());
    }

    /** Test classes are patched into the module, whose code source names the main classes alone. */
    private static String testClasses() {
        return Path.of("target", "test-classes").toAbsolutePath().toString();
    }

    @Test
    void a_closed_store_refuses_and_closes_again() throws IOException {
        FileLogStore store = open();
        store.close();
        store.close();
        assertThrows(IllegalStateException.class, store::sync);
        try (FileLogStore again = open()) {
            assertNotNull(again);
        }
    }

    @Test
    void an_interrupted_reader_does_no_harm_to_the_writer() throws IOException {
        try (FileLogStore store = open()) {
            store.saveHardState(Stores.state(1, null));
            store.append(Stores.entries(1, 1, 3, 10));
            Thread.currentThread().interrupt();
            assertThrows(IOException.class, () -> store.read(1, 3, 1000));
            assertTrue(Thread.interrupted());
            store.append(Stores.entries(1, 4, 3, 10));
            store.sync();
            assertEquals(6, store.read(1, 6, 1000).size());
        }
    }

    /** An entry that came in an append is a slice of all of it; that must not stay in memory as long as the log. */
    @Test
    void a_configuration_is_kept_without_the_buffer_it_came_in() throws Exception {
        LogEntry made = Stores.CODEC.encode(1, 1, EntryType.CONFIGURATION, List.of(Stores.BOOTSTRAP.encode()));
        byte[] buffer = made.encoded().toByteArray();
        try (FileLogStore store = Stores.open(Stores.newDisk())) {
            store.saveHardState(Stores.state(1, null));
            store.append(List.of(Stores.CODEC.decodeAll(Bytes.wrap(buffer), 1).getFirst()));
            Arrays.fill(buffer, (byte) 0);
            assertEquals(List.of(made), store.configurations());
        }
    }
}
