package io.quorate.raft.log;

import io.quorate.spi.storage.StorageRefusedException;
import java.io.Closeable;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Another process that wants a data directory: prints L and holds the lock until it is killed, or exits with 1. */
final class LockHolder {

    private LockHolder() {
    }

    public static void main(String[] arguments) throws IOException {
        try (Closeable lock = SystemDisk.INSTANCE.lock(Path.of(arguments[0]));
            OutputStream out = new FileOutputStream(FileDescriptor.out)) {
            out.write('L');
            out.flush();
            while (lock != null && System.in.read() >= 0) {
                continue;
            }
        } catch (StorageRefusedException e) {
            System.exit(1);
        }
    }
}
