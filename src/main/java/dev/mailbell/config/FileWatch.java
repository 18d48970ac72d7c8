package dev.mailbell.config;

import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notices that the configuration's file is another. It is looked at now and then, and taken when
 * two looks in a row see the same: a file that somebody is still writing is not. Polling sees what
 * notifications of the system do not: network file systems, and the links that Kubernetes swaps.
 */
public final class FileWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FileWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(2);

    private final Supplier<FileStamp> file;
    private final Runnable reload;
    private final Thread thread = Thread.ofVirtual().name("file-watch").unstarted(this::run);
    private FileStamp seen;
    private FileStamp taken;

    /**
     * @param taken what the file looked like before it was read
     */
    FileWatch(Supplier<FileStamp> file, FileStamp taken, Runnable reload) {
        this.file = file;
        this.reload = reload;
        this.seen = taken;
        this.taken = taken;
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

    private void run() {
        try {
            while (true) {
                Thread.sleep(EVERY);
                try {
                    look();
                } catch (RuntimeException e) {
                    LOG.error("The configuration could not be reloaded", e);
                }
            }
        } catch (InterruptedException stopped) {
            LOG.debug("The configuration's file is no longer watched");
        }
    }

    /** One look at the file. */
    void look() {
        FileStamp now = file.get();
        boolean rests = now.equals(seen);
        seen = now;
        if (rests && !now.equals(taken)) {
            taken = now;
            reload.run();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
