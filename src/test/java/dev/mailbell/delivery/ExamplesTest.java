package dev.mailbell.delivery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.standardwebhooks.Webhook;
import dev.mailbell.secret.Secret;
import dev.mailbell.secret.Signer;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The receivers of docs/examples take each signed POST once and refuse all others. */
class ExamplesTest {
    private static final Path EXAMPLES = Path.of("docs/examples").toAbsolutePath();
    private static final int PATIENCE_SECONDS = 180;
    private static final String BODY =
            "{\"type\":\"mail.new\",\"data\":{\"newCount\":2,\"mailbox\":\"日本語\"}}";

    private final Secret secret = Signer.newSecret();

    /** A running receiver and the lines it prints. */
    private static final class Running implements AutoCloseable {
        private final Process process;
        final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
        final URI uri;

        Running(List<String> command, Path directory) throws Exception {
            process =
                    new ProcessBuilder(command)
                            .directory(directory.toFile())
                            .redirectErrorStream(true)
                            .start();
            Thread.ofVirtual().start(this::read);
            String first = next();
            assertThat(first).startsWith("listening on ");
            uri = URI.create("http://127.0.0.1:" + first.substring("listening on ".length()));
        }

        private void read() {
            try (BufferedReader in = process.inputReader(StandardCharsets.UTF_8)) {
                for (String line = in.readLine(); line != null; line = in.readLine()) {
                    lines.add(line);
                }
            } catch (IOException e) {
                lines.add("no more lines: " + e.getMessage());
            }
        }

        String next() throws InterruptedException {
            String line = lines.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            assertThat(line).as("a line of the receiver").isNotNull();
            return line;
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private static int post(Running receiver, String id, Instant at, String signature, String body)
            throws IOException, InterruptedException {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(receiver.uri)
                                .timeout(Duration.ofSeconds(PATIENCE_SECONDS))
                                .header("Content-Type", "application/json")
                                .header("webhook-id", id)
                                .header("webhook-timestamp", Long.toString(at.getEpochSecond()))
                                .header("webhook-signature", signature)
                                .POST(BodyPublishers.ofString(body))
                                .build(),
                        BodyHandlers.discarding())
                .statusCode();
    }

    private String sign(List<Secret> secrets, String id, Instant at) {
        return Signer.signature(secrets, id, at, BODY.getBytes(StandardCharsets.UTF_8));
    }

    private void takesSignedPostsOnce(Running receiver) throws Exception {
        Instant now = Instant.now();
        List<Secret> ours = List.of(secret);
        List<Secret> rotated = List.of(Signer.newSecret(), secret);
        List<Secret> foreign = List.of(Signer.newSecret());
        assertThat(post(receiver, "one", now, sign(ours, "one", now), BODY)).isEqualTo(204);
        assertThat(post(receiver, "one", now, sign(ours, "one", now), BODY)).isEqualTo(204);
        assertThat(post(receiver, "two", now, sign(rotated, "two", now), BODY)).isEqualTo(204);
        assertThat(post(receiver, "bad", now, sign(foreign, "bad", now), BODY)).isEqualTo(401);
        assertThat(post(receiver, "bad", now, sign(ours, "bad", now), BODY.replace("2", "3")))
                .isEqualTo(401);
        Instant old = now.minus(Duration.ofMinutes(6));
        assertThat(post(receiver, "bad", old, sign(ours, "bad", old), BODY)).isEqualTo(401);
        assertThat(post(receiver, "end", now, sign(ours, "end", now), BODY)).isEqualTo(204);
        // It prints the posts that it took: one, two and end.
        StringBuilder printed = new StringBuilder();
        for (int events = 0; events < 3; ) {
            String line = receiver.next();
            printed.append(line);
            events += line.contains("newCount") ? 1 : 0;
        }
        assertThat(printed.toString()).doesNotContain("\"newCount\":3").doesNotContain("whsec_");
        assertThat(receiver.lines).noneMatch(line -> line.contains("newCount"));
    }

    @Test
    void the_java_receiver_takes_signed_posts_once() throws Exception {
        Path library =
                Path.of(Webhook.class.getProtectionDomain().getCodeSource().getLocation().toURI());
        try (Running receiver =
                new Running(
                        List.of(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                library.toString(),
                                EXAMPLES.resolve("Receiver.java").toString(),
                                secret.reveal(),
                                "0"),
                        EXAMPLES)) {
            takesSignedPostsOnce(receiver);
        }
    }

    @Test
    void the_node_receiver_takes_signed_posts_once(@TempDir Path directory) throws Exception {
        assumeTrue(runs(List.of("npm", "--version")), "there is no Node with npm here");
        for (String file : List.of("package.json", "package-lock.json", "receiver.mjs")) {
            Files.copy(EXAMPLES.resolve("node").resolve(file), directory.resolve(file));
        }
        Process install =
                new ProcessBuilder("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
                        .directory(directory.toFile())
                        .redirectErrorStream(true)
                        .start();
        String said = new String(install.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(install.waitFor()).as(said).isZero();
        try (Running receiver =
                new Running(List.of("node", "receiver.mjs", secret.reveal(), "0"), directory)) {
            takesSignedPostsOnce(receiver);
        }
    }

    @Test
    void the_python_receiver_takes_signed_posts_once() throws Exception {
        assumeTrue(runs(List.of("python3", "--version")), "there is no Python here");
        try (Running receiver =
                new Running(
                        List.of("python3", "-u", "receiver.py", secret.reveal(), "0"), EXAMPLES)) {
            takesSignedPostsOnce(receiver);
        }
    }

    @Test
    void the_python_receiver_says_how_it_is_called() throws Exception {
        assumeTrue(runs(List.of("python3", "--version")), "there is no Python here");
        for (List<String> arguments :
                List.of(
                        List.<String>of(),
                        List.of("not-a-secret"),
                        List.of("whsec_\u00fc"),
                        List.of(secret.reveal(), "port"))) {
            List<String> command = new ArrayList<>(List.of("python3", "receiver.py"));
            command.addAll(arguments);
            ProcessBuilder builder =
                    new ProcessBuilder(command)
                            .directory(EXAMPLES.toFile())
                            .redirectErrorStream(true);
            builder.environment().remove("WEBHOOK_SECRET");
            Process process = builder.start();
            String said =
                    new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(said).isEqualTo(2);
            assertThat(said).contains("Usage: receiver.py SECRET [PORT]");
            assertThat(said).doesNotContain("Traceback").doesNotContain("whsec_A");
        }
    }

    private static boolean runs(List<String> command) throws InterruptedException {
        try {
            return new ProcessBuilder(command)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
