package dev.mailbell;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * Adds to the failure of a test what its scripted servers heard and said. If a time limit was
 * reached, it adds how long threads of this JVM stood still during the test, and what they do now.
 */
public final class Circumstances implements BeforeEachCallback, TestExecutionExceptionHandler {
    private static final int MAX_SERVERS = 10;
    private static final int TRANSCRIPT_LENGTH = 4_000;
    private static final int DUMP_LENGTH = 40_000;
    private static final Queue<Supplier<String>> TRANSCRIPTS = new ConcurrentLinkedQueue<>();
    private static final Pulse PLATFORM = new Pulse(Thread.ofPlatform().daemon());
    private static final Pulse VIRTUAL = new Pulse(Thread.ofVirtual());

    private static volatile long collecting;

    /** A thread that sleeps over and over, and notices when it wakes up late. */
    private static final class Pulse {
        private static final Duration BEAT = Duration.ofMillis(100);

        private volatile long latest;
        private volatile long beat = System.nanoTime();

        Pulse(Thread.Builder builder) {
            builder.name("pulse").start(this::run);
        }

        private void run() {
            try {
                while (true) {
                    Thread.sleep(BEAT);
                    latest = Math.max(latest, late());
                    beat = System.nanoTime();
                }
            } catch (InterruptedException ended) {
                Thread.currentThread().interrupt();
            }
        }

        private long late() {
            return System.nanoTime() - beat - BEAT.toNanos();
        }

        void reset() {
            latest = 0;
        }

        long stoodStillMillis() {
            return Duration.ofNanos(Math.max(latest, late())).toMillis();
        }
    }

    /** The suppressed part of a failure. */
    private static final class Noted extends Exception {
        private static final long serialVersionUID = 1L;

        Noted(String text) {
            super(text, null, false, false);
        }
    }

    /** Notes a server of the running test, whose transcript its failure shows. */
    public static void note(Supplier<String> transcript) {
        TRANSCRIPTS.add(transcript);
        while (TRANSCRIPTS.size() > MAX_SERVERS) {
            TRANSCRIPTS.poll();
        }
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        TRANSCRIPTS.clear();
        PLATFORM.reset();
        VIRTUAL.reset();
        collecting = collectingMillis();
    }

    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable failure)
            throws Throwable {
        for (Supplier<String> transcript : TRANSCRIPTS) {
            String text = transcript.get();
            failure.addSuppressed(
                    new Noted(
                            "a scripted server:\n"
                                    + text.substring(
                                            Math.max(0, text.length() - TRANSCRIPT_LENGTH))));
        }
        if (isOfTime(failure)) {
            failure.addSuppressed(new Noted(stalls()));
            failure.addSuppressed(new Noted(threads()));
        }
        throw failure;
    }

    private static boolean isOfTime(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SocketTimeoutException
                    || cause instanceof ConditionTimeoutException
                    || cause instanceof TimeoutException) {
                return true;
            }
        }
        return false;
    }

    private static String stalls() {
        return "the longest time without a turn: %d ms of a platform thread, %d ms of a virtual thread; %d ms of garbage collection; load %.1f"
                .formatted(
                        PLATFORM.stoodStillMillis(),
                        VIRTUAL.stoodStillMillis(),
                        collectingMillis() - collecting,
                        ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
    }

    private static long collectingMillis() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(GarbageCollectorMXBean::getCollectionTime)
                .sum();
    }

    private static String threads() {
        try {
            Path file = Files.createTempDirectory("threads").resolve("dump");
            ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                    .dumpThreads(
                            file.toString(), HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
            String dump = Files.readString(file);
            Files.delete(file);
            Files.delete(file.getParent());
            // The test's own thread has its place in the failure already.
            int others = Math.max(0, dump.indexOf("\n#", dump.indexOf("\"main\"")));
            return "threads:"
                    + dump.substring(others, Math.min(dump.length(), others + DUMP_LENGTH));
        } catch (IOException e) {
            return "threads: " + e;
        }
    }
}
