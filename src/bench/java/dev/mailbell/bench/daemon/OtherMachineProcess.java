package dev.mailbell.bench.daemon;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * A process of the benchmarks that stands for other machines. A low-priority process: the daemon
 * has the cost of its octets, and the process takes only spare CPU time. It answers each line of
 * its input with a line of numbers, and ends with its input.
 */
public final class OtherMachineProcess implements AutoCloseable {
    private static final int STOP_SECONDS = 10;

    private final Process process;
    private final PrintWriter questions;
    private final BufferedReader answers;

    private OtherMachineProcess(Process process) {
        this.process = process;
        this.questions = new PrintWriter(process.outputWriter(), true);
        this.answers = process.inputReader();
    }

    /**
     * @param main its class, whose main method calls {@link #serve}
     */
    public static OtherMachineProcess start(Class<?> main, String... arguments) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of("nice", "-n", "19", java));
        command.addAll(List.of("-XX:+UseSerialGC", "-Xmx1g"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        try {
            return new OtherMachineProcess(
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start());
        } catch (IOException e) {
            throw new BenchException(main.getSimpleName() + " could not be started: " + e, e);
        }
    }

    /** Sends it a line and waits for the numbers that it answers. */
    public List<Long> ask(String line) {
        questions.println(line);
        try {
            String answer = answers.readLine();
            if (answer == null) {
                throw new BenchException("the process of the other machines has ended");
            }
            return answer.isEmpty()
                    ? List.of()
                    : Arrays.stream(answer.split(" ")).map(Long::valueOf).toList();
        } catch (IOException e) {
            throw new BenchException("the other machines do not answer: " + e.getMessage(), e);
        }
    }

    /** In its process: answers the lines of the input until that ends. */
    public static void serve(Function<String, LongStream> answer) {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        try {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                System.out.println(
                        answer.apply(line)
                                .mapToObj(Long::toString)
                                .collect(Collectors.joining(" ")));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        questions.close();
        try {
            if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }
}
