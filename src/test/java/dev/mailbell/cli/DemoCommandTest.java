package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {
    private static Throwable thrownIn(String className) {
        IllegalStateException failure = new IllegalStateException("as the test wants");
        failure.setStackTrace(
                new StackTraceElement[] {
                    new StackTraceElement(className, "run", null, 1),
                    new StackTraceElement("java.lang.Thread", "run", null, 1)
                });
        return failure;
    }

    @Test
    void postgresql_gets_into_the_folder_of_the_demo_as_another_user() throws IOException {
        Path directory = DemoCommand.temporaryDirectory();
        try {
            assertThat(Files.getPosixFilePermissions(directory))
                    .isEqualTo(PosixFilePermissions.fromString("rwxr-xr-x"));
        } finally {
            Files.delete(directory);
        }
    }

    @Test
    void a_client_that_hangs_up_at_the_mail_server_shows_no_stack_trace_in_the_demo() {
        assertThat(DemoCommand.isOfMailServer(thrownIn("com.icegreen.greenmail.imap.ImapHandler")))
                .isTrue();
        assertThat(DemoCommand.isOfMailServer(thrownIn("dev.mailbell.demo.Demo"))).isFalse();
    }

    /** An installation as the image has it, whose jar leads to the classes of this build. */
    private static void install(Path home) throws IOException {
        Files.createDirectories(home.resolve("bin/lib"));
        for (String file : List.of("bin/mailbell", "bin/lib/java.sh")) {
            Files.copy(Path.of(file), home.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        String classPath =
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path"));
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        Stream.of(classPath.split(File.pathSeparator))
                                .map(entry -> Path.of(entry).toUri().toString())
                                .collect(Collectors.joining(" ")));
        Path lib = Files.createDirectories(home.resolve("lib"));
        Files.createDirectory(lib.resolve("demo-lib"));
        new JarOutputStream(Files.newOutputStream(lib.resolve("mailbell-1.jar")), manifest).close();
    }

    @Test
    void it_needs_neither_a_home_directory_nor_the_data_directory(@TempDir Path home)
            throws Exception {
        install(home);
        // Not even root can make a directory of it.
        Files.writeString(home.resolve("var"), "in the way");
        Path said = home.resolve("said.txt");
        ProcessBuilder builder =
                new ProcessBuilder(home.resolve("bin/mailbell").toString(), "demo", "--once")
                        .redirectErrorStream(true)
                        .redirectOutput(said.toFile());
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        Process demo = builder.start();
        try {
            assertThat(demo.waitFor(10, TimeUnit.MINUTES)).isTrue();
        } finally {
            demo.destroy();
            // Its folder is removed after the test.
            if (!demo.waitFor(1, TimeUnit.MINUTES)) {
                assertThat(demo.destroyForcibly().waitFor(1, TimeUnit.MINUTES)).isTrue();
            }
        }
        assertThat(demo.exitValue()).as(Files.readString(said)).isZero();
        assertThat(Files.readString(said)).contains("each exactly once");
    }
}
