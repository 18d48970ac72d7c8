package dev.mailbell.config.reload;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads files again when they change. A thread polls them every 2 s and has them read when two
 * polls in a row see the same new stamp, so that a file is not read while it is written. Polling
 * also works where file notifications do not: on network file systems, and with the links that
 * Kubernetes swaps.
 */
public final class FileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
    private static final Duration INTERVAL = Duration.ofSeconds(2);

    private final Supplier<FileStamp> file;
    private final Runnable reload;
    private final Thread thread = Thread.ofVirtual().name("file-watch").unstarted(this::run);
    private FileStamp seen;
    private FileStamp loaded;

    /**
     * @param loaded the file's stamp before it was read
     */
    FileWatch(Supplier<FileStamp> file, FileStamp loaded, Runnable reload) {
        this.file = file;
        this.reload = reload;
        this.seen = loaded;
        this.loaded = loaded;
    }

    /** Reloads a configuration whenever its file changes, until closed. */
    public static FileWatch start(LiveConfiguration configuration) {
        FileWatch watch =
                new FileWatch(
                        configuration::stamp,
                        configuration.firstStamp(),
                        configuration::fileChanged);
        watch.thread.start();
        return watch;
    }

    /**
     * Calls a reader whenever one of some files changes, until closed.
     *
     * @param changed reads the files; they have been read for the first time after this call
     */
    public static FileWatch start(List<Path> files, Runnable changed) {
        Supplier<FileStamp> stamps = () -> FileStamp.of(files);
        FileWatch watch = new FileWatch(stamps, stamps.get(), changed);
        watch.thread.start();
        return watch;
    }

    private void run() {
        try {
            while (true) {
                Thread.sleep(INTERVAL);
                try {
                    poll();
                } catch (RuntimeException e) {
                    LOG.error("A changed file could not be read again", e);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("A file is no longer watched");
        }
    }

    /** Polls the file once. */
    void poll() {
        FileStamp now = file.get();
        boolean unchanged = now.equals(seen);
        seen = now;
        if (unchanged && !now.equals(loaded)) {
            loaded = now;
            reload.run();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
