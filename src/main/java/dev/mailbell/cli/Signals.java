package dev.mailbell.cli;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/**
 * The signals of the operating system; where one does not exist, nothing comes of asking for it.
 */
final class Signals {
    private static final Logger LOG = LoggerFactory.getLogger(Signals.class);

    /** What a shell adds to a signal's number for the exit code of who died of it. */
    private static final int OF_A_SIGNAL = 128;

    private Signals() {}

    /**
     * The first SIGTERM or SIGINT stops in order; a second one of either ends the process at once.
     */
    static void onStop(Runnable stop) {
        AtomicBoolean asked = new AtomicBoolean();
        SignalHandler handler =
                signal -> {
                    if (!asked.compareAndSet(false, true)) {
                        // Not a word first: whatever keeps the stop from going on may be the log.
                        Runtime.getRuntime().halt(OF_A_SIGNAL + signal.getNumber());
                    }
                    stop.run();
                };
        handle("TERM", handler);
        handle("INT", handler);
    }

    /** Every SIGHUP. */
    static void onHangUp(Runnable action) {
        handle(
                "HUP",
                signal -> {
                    try {
                        action.run();
                    } catch (RuntimeException e) {
                        LOG.error("SIGHUP could not be followed", e);
                    }
                });
    }

    private static void handle(String name, SignalHandler handler) {
        try {
            SignalHandler before = Signal.handle(new Signal(name), handler);
            if (before == SignalHandler.SIG_IGN) {
                // As nohup does; the JVM leaves it so.
                LOG.info(
                        "SIG{} is ignored, because the process that started this one ignores it",
                        name);
            }
        } catch (IllegalArgumentException e) {
            LOG.info("SIG{} cannot be handled here: {}", name, e.getMessage());
        }
    }
}
