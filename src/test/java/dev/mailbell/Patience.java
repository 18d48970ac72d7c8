package dev.mailbell;

import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Sets Awaitility's timeout of every test to 3 minutes, so that no test depends on the load of the
 * machine. A wait fails on an exception that ends another thread, but for those of a mail server
 * that ends a thread so for each client that hangs up.
 */
public final class Patience implements BeforeAllCallback {
    private static final Duration LIMIT = Duration.ofMinutes(3);

    @Override
    public void beforeAll(ExtensionContext context) {
        Awaitility.setDefaultTimeout(LIMIT);
        Awaitility.catchUncaughtExceptionsByDefault();
    }

    /** To be called before all tests of a class that uses GreenMail. */
    public static void withGreenMail() {
        Awaitility.doNotCatchUncaughtExceptionsByDefault();
    }
}
