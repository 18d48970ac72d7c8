package dev.mailbell.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Handlers for signals of the operating system. A signal that the platform lacks is logged and
 * otherwise ignored.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    /** The exit code of a process killed by signal N is 128 + N, as shells report it. */
    private static final int SIGNAL_EXIT_CODE = 128;

    private Signals() {}

    /**
     * The first SIGTERM or SIGINT runs {@code stop}; a second one of either ends the process at
     * once.
     */
    static void onStop(Runnable stop) {
        AtomicBoolean stopping = new AtomicBoolean();
        SignalHandler handler =
                signal -> {
                    if (!stopping.compareAndSet(false, true)) {
                        // Without a log line: the log itself may be what blocks the stop.
                        Runtime.getRuntime().halt(SIGNAL_EXIT_CODE + signal.getNumber());
                    }
                    stop.run();
                };
        handle("TERM", handler);
        handle("INT", handler);
    }

    /** Runs {@code action} at every SIGHUP. */
    static void onHangUp(Runnable action) {
        handle(
                "HUP",
                signal -> {
                    try {
                        action.run();
                    } catch (RuntimeException e) {
                        LOG.error("SIGHUP could not be handled", e);
                    }
                });
    }

    private static void handle(String name, SignalHandler handler) {
        try {
            SignalHandler before = Signal.handle(new Signal(name), handler);
            if (before == SignalHandler.SIG_IGN) {
                // nohup starts processes like this, and the JVM keeps ignoring the signal.
                LOG.info(
                        "SIG{} is ignored, because the process that started this one ignores it",
                        name);
            }
        } catch (IllegalArgumentException e) {
            LOG.info("SIG{} cannot be handled here: {}", name, e.getMessage());
        }
    }
}
