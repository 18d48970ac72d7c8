package dev.mailbell.cli.terminal;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * Handlers for signals of the operating system. A signal that the platform lacks is logged and
 * otherwise ignored.
 */
public final class Signals {
    /** The exit code of a process killed by signal N is 128 + N, as shells report it. */
    private static final int SIGNAL_EXIT_CODE = 128;

    private Signals() {}

    /**
     * The first SIGTERM or SIGINT runs {@code stop}; a second one of either ends the process at
     * once.
     */
    public static void onStop(Runnable stop) {
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

    /**
     * Runs {@code action} whenever the size of the terminal changes; on systems without SIGWINCH
     * never.
     */
    public static void onResize(Runnable action) {
        try {
            Signal.handle(new Signal("WINCH"), signal -> action.run());
        } catch (IllegalArgumentException e) {
            log().debug("SIGWINCH cannot be handled here: {}", e.getMessage());
        }
    }

    /** Runs {@code action} at every SIGHUP. */
    public static void onHangUp(Runnable action) {
        handle(
                "HUP",
                signal -> {
                    try {
                        action.run();
                    } catch (RuntimeException e) {
                        log().error("SIGHUP could not be handled", e);
                    }
                });
    }

    /** Created late, because commands that only call the API need no log. */
    private static Logger log() {
        return LoggerFactory.getLogger(Signals.class);
    }

    private static void handle(String name, SignalHandler handler) {
        try {
            SignalHandler before = Signal.handle(new Signal(name), handler);
            if (before == SignalHandler.SIG_IGN) {
                // nohup starts processes like this, and the JVM keeps ignoring the signal.
                log().info(
                                "SIG{} is ignored, because the process that started this one ignores it",
                                name);
            }
        } catch (IllegalArgumentException e) {
            log().info("SIG{} cannot be handled here: {}", name, e.getMessage());
        }
    }
}
