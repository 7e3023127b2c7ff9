package io.quorate.identity.x509.cert;

import io.quorate.spi.identity.IdentityException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Files that are nobody else's business: created so from the first moment, refused if they are not so.
 *
 * <p>A file that is created first and restricted afterwards is open in between, and whoever opened it then keeps it
 * open. So the permissions are given to the very system call that creates the file. On file systems without POSIX
 * permissions the directory's access control is all there is, and nothing is checked.
 */
public final class OwnerOnlyFiles {

    private static final Set<PosixFilePermission> OWNER_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final Set<PosixFilePermission> OWNER_FILE = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> PUBLIC_FILE = PosixFilePermissions.fromString("rw-r--r--");

    private OwnerOnlyFiles() {
    }

    /**
     * Creates a directory, and those above it that are missing, with permissions 0700. An existing one is left as it
     * is.
     */
    public static void createDirectories(Path directory) throws IOException {
        Files.createDirectories(directory, attributes(directory, OWNER_DIRECTORY));
    }

    /** Writes a file that only its owner can read (0600). See {@link #write}. */
    public static void writeSecret(Path file, byte[] content, boolean replace) throws IOException {
        write(file, content, replace, OWNER_FILE);
    }

    /** Writes a file that others may read (0644, less the umask). See {@link #write}. */
    public static void writePublic(Path file, byte[] content, boolean replace) throws IOException {
        write(file, content, replace, PUBLIC_FILE);
    }

    /**
     * Writes a file so that it is there in whole or not at all: written and synced under another name, then renamed.
     * After return it is durable, directory entry included.
     *
     * @throws FileAlreadyExistsException if it exists and is not to be replaced; decided by the file system in one step
     */
    private static void write(Path file, byte[] content, boolean replace, Set<PosixFilePermission> permissions)
            throws IOException {
        Path target = file.toAbsolutePath();
        Path temporary = target.resolveSibling("." + target.getFileName() + "."
            + Long.toHexString(ThreadLocalRandom.current().nextLong()) + ".tmp");
        try {
            try (FileChannel channel = FileChannel.open(temporary,
                    EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                    attributes(target.getParent(), permissions))) {
                ByteBuffer buffer = ByteBuffer.wrap(content);
                while (buffer.hasRemaining()) {
                    channel.write(buffer);
                }
                channel.force(true);
            }
            if (replace) {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } else {
                moveNew(temporary, target);
            }
        } finally {
            Files.deleteIfExists(temporary);
        }
        syncDirectory(target.getParent());
    }

    /** A rename replaces silently; a link does not, and is as atomic. */
    private static void moveNew(Path temporary, Path target) throws IOException {
        try {
            Files.createLink(target, temporary);
        } catch (FileAlreadyExistsException e) {
            throw e;
        } catch (UnsupportedOperationException | FileSystemException noLinksHere) {
            if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                throw new FileAlreadyExistsException(target.toString());
            }
            Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
        }
    }

    private static void syncDirectory(Path directory) throws IOException {
        if (isPosix(directory)) {
            try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /**
     * Refuses a file that somebody other than this process's user owns, could read or could write. A symbolic link is
     * followed: the file itself counts.
     *
     * @param what the file's role, for the message
     */
    public static void requireOwnerOnly(String what, Path file) throws IdentityException, IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(file, PosixFileAttributeView.class);
        if (view == null) {
            return;
        }
        PosixFileAttributes found = view.readAttributes();
        if (!OWNER_FILE.containsAll(found.permissions())) {
            throw new IdentityException(what + " " + file + ": found permissions "
                + PosixFilePermissions.toString(found.permissions()) + ", expected rw------- (0600) or r-------- "
                + "(0400), since others could read or change it; if nobody has, run: chmod 600 " + file);
        }
        Integer fileOwner = uid(file);
        Integer self = uid(Path.of("/proc/self"));
        if (fileOwner != null && self != null && !fileOwner.equals(self)) {
            throw new IdentityException(what + " " + file + ": found it owned by " + found.owner().getName() + " (uid "
                + fileOwner + "), expected the user of this process (uid " + self + "); run: chown " + self + " "
                + file);
        }
    }

    /**
     * The numeric owner. The process's own is that of its entry in {@code /proc}: the property {@code user.name} is "?"
     * in containers whose user has no name, and anybody may set it. Null where the platform has no such thing.
     */
    private static Integer uid(Path path) throws IOException {
        try {
            return Files.exists(path) ? (Integer) Files.getAttribute(path, "unix:uid") : null;
        } catch (UnsupportedOperationException | IllegalArgumentException noUnixView) {
            return null;
        }
    }

    private static FileAttribute<?>[] attributes(Path at, Set<PosixFilePermission> permissions) {
        return isPosix(at)
            ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(permissions)}
            : new FileAttribute<?>[0];
    }

    private static boolean isPosix(Path path) {
        return path.getFileSystem().supportedFileAttributeViews().contains("posix");
    }
}
