package io.quorate.raft.log;

import io.quorate.spi.storage.Disk;
import io.quorate.spi.storage.StorageFullException;
import io.quorate.spi.storage.StorageRefusedException.Reason;
import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The real disk. Thread-safe. */
public final class SystemDisk implements Disk {

    /** The one that everybody can share: it has no state of its own. */
    public static final SystemDisk INSTANCE = new SystemDisk();

    /** Per thread the JDK keeps a direct buffer as large as the largest heap buffer read; this bounds it. */
    private static final int MAX_READ_BYTES = 256 * 1024;

    private static final int MAX_LOCK_FILE_BYTES = 64;

    private static final boolean POSIX = FileSystems.getDefault().supportedFileAttributeViews().contains("posix");
    private static final Set<PosixFilePermission> DIRECTORY_MODE = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> FILE_MODE = PosixFilePermissions.fromString("rw-------");
    private static final FileAttribute<?>[] DIRECTORY_ATTRIBUTES = attributes(DIRECTORY_MODE);
    private static final FileAttribute<?>[] FILE_ATTRIBUTES = attributes(FILE_MODE);

    /**
     * Lock files held by this process. POSIX record locks belong to the process: a second store in it would be
     * granted the lock, and closing any other descriptor of the file would release it. So this is asked before the
     * file is touched.
     */
    private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

    private SystemDisk() {
    }

    private static FileAttribute<?>[] attributes(Set<PosixFilePermission> mode) {
        return POSIX ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(mode)} : new FileAttribute<?>[0];
    }

    @Override
    public boolean exists(Path path) {
        return Files.exists(path);
    }

    @Override
    public List<String> list(Path directory) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            for (Path path : stream) {
                names.add(path.getFileName().toString());
            }
        }
        Collections.sort(names);
        return names;
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
        try {
            Files.createDirectory(directory, DIRECTORY_ATTRIBUTES);
        } catch (FileAlreadyExistsException e) {
            if (!Files.isDirectory(directory)) {
                throw e;
            }
            if (POSIX && !DIRECTORY_MODE.containsAll(Files.getPosixFilePermissions(directory))) {
                Files.setPosixFilePermissions(directory, DIRECTORY_MODE);
            }
        } catch (IOException e) {
            throw fullOr(e, directory);
        }
    }

    @Override
    public File create(Path path) throws IOException {
        try {
            return new ChannelFile(path, FileChannel.open(path, Set.<OpenOption>of(StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ, StandardOpenOption.WRITE), FILE_ATTRIBUTES));
        } catch (IOException e) {
            throw fullOr(e, path);
        }
    }

    @Override
    public File open(Path path) throws IOException {
        return new ChannelFile(path, FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw fullOr(e, to);
        }
    }

    @Override
    public void delete(Path path) throws IOException {
        Files.deleteIfExists(path);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
        if (!POSIX) {
            return; // Windows opens no directory as a file, and journals their changes by itself.
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
        return Files.getFileStore(directory).getUsableSpace();
    }

    @Override
    public Closeable lock(Path path) throws IOException {
        Path real = path.toAbsolutePath().getParent().toRealPath().resolve(path.getFileName());
        if (!HELD.add(real)) {
            throw inUse(path, "this very process, " + ProcessHandle.current().pid());
        }
        FileChannel channel = null;
        try {
            channel = FileChannel.open(real, Set.<OpenOption>of(StandardOpenOption.CREATE,
                StandardOpenOption.READ, StandardOpenOption.WRITE), FILE_ATTRIBUTES);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                throw inUse(path, holder(channel));
            }
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(("pid " + ProcessHandle.current().pid() + "\n")
                .getBytes(StandardCharsets.US_ASCII)), 0);
            FileChannel held = channel;
            return () -> {
                try {
                    // Releases the lock. The file stays: deleting it would let two processes lock two files.
                    held.close();
                } finally {
                    HELD.remove(real);
                }
            };
        } catch (IOException | OverlappingFileLockException e) {
            try {
                if (channel != null) {
                    channel.close();
                }
            } finally {
                HELD.remove(real);
            }
            if (e instanceof IOException io) {
                throw io;
            }
            throw inUse(path, "this very process");
        }
    }

    @Override
    public Optional<String> holder(Path path) throws IOException {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        Path real = path.toAbsolutePath().getParent().toRealPath().resolve(path.getFileName());
        if (HELD.contains(real)) {
            // Not opened: closing any descriptor of the file would release what this process holds.
            return Optional.of("this very process, " + ProcessHandle.current().pid());
        }
        // A shared lock needs no permission to write, and is refused while somebody has the exclusive one.
        try (FileChannel channel = FileChannel.open(real, StandardOpenOption.READ);
            FileLock lock = channel.tryLock(0, Long.MAX_VALUE, true)) {
            return lock == null ? Optional.of(holder(channel)) : Optional.empty();
        }
    }

    private static String holder(FileChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(MAX_LOCK_FILE_BYTES);
        channel.read(buffer, 0);
        String text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII).strip();
        return text.matches("pid \\d{1,19}") ? "process " + text.substring(4) : "a process that left no pid";
    }

    private static StorageRefusedException inUse(Path path, String holder) {
        return new StorageRefusedException(Reason.IN_USE, path + ": found the data directory in use by " + holder
            + ", expected it free: one node, one directory. Stop that process, or give this node a directory of "
            + "its own.");
    }

    /** The JDK has no exception of its own for a full disk, only the operating system's words. */
    private static IOException fullOr(IOException e, Path path) {
        String text = String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT);
        if (text.contains("no space left") || text.contains("quota exceeded") || text.contains("not enough space")) {
            return new StorageFullException(path + ": found no room on the disk (" + e.getMessage()
                + "), expected room to write. Free some; the node goes on by itself.", e);
        }
        return e;
    }

    private static final class ChannelFile implements File {

        private final Path path;
        private final FileChannel channel;

        ChannelFile(Path path, FileChannel channel) {
            this.path = path;
            this.channel = channel;
        }

        @Override
        public void write(ByteBuffer source, long at) throws IOException {
            try {
                long position = at;
                while (source.hasRemaining()) {
                    position += channel.write(source, position);
                }
            } catch (IOException e) {
                throw fullOr(e, path);
            }
        }

        @Override
        public int read(ByteBuffer target, long at) throws IOException {
            int limit = target.limit();
            int start = target.position();
            try {
                while (target.position() < limit) {
                    target.limit(Math.min(limit, target.position() + MAX_READ_BYTES));
                    if (channel.read(target, at + target.position() - start) < 0) {
                        break;
                    }
                }
            } finally {
                target.limit(limit);
            }
            return target.position() - start;
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public long size() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
