package dev.mailbell.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;

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
}
