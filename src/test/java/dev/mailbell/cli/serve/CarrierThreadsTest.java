package dev.mailbell.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Each test has a Java of its own, because a process chooses once. */
class CarrierThreadsTest {
    private static final int PATIENCE_MINUTES = 3;

    @Test
    void twice_as_many_virtual_threads_as_cores_compute_at_the_same_time()
            throws IOException, InterruptedException {
        assertThat(run(List.of("-XX:ActiveProcessorCount=2"), 4)).isEqualTo("4");
    }

    @Test
    void the_number_that_the_operator_gives_stays() throws IOException, InterruptedException {
        List<String> options =
                List.of("-XX:ActiveProcessorCount=2", "-Djdk.virtualThreadScheduler.parallelism=3");
        assertThat(run(options, 3)).isEqualTo("3");
    }

    /** The output of {@link #main} with these options of Java. */
    private static String run(List<String> options, int threads)
            throws IOException, InterruptedException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-XX:TieredStopAtLevel=1");
        command.addAll(options);
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(CarrierThreadsTest.class.getName());
        command.add(Integer.toString(threads));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertThat(process.waitFor(PATIENCE_MINUTES, TimeUnit.MINUTES))
                    .as("%d virtual threads run at the same time", threads)
                    .isTrue();
            return new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        } finally {
            process.destroyForcibly();
        }
    }

    /**
     * Starts virtual threads that compute until all of them run, and prints the number of carriers.
     */
    public static void main(String[] arguments) throws InterruptedException {
        CarrierThreads.choose();
        int threads = Integer.parseInt(arguments[0]);
        AtomicInteger running = new AtomicInteger();
        CountDownLatch ended = new CountDownLatch(threads);
        for (int i = 0; i < threads; i++) {
            Thread.ofVirtual()
                    .start(() -> {
                        running.incrementAndGet();
                        while (running.get() < threads) {
                            Thread.onSpinWait();
                        }
                        ended.countDown();
                    });
        }
        ended.await();
        System.out.print(System.getProperty("jdk.virtualThreadScheduler.parallelism"));
    }
}
