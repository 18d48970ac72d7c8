package dev.mailbell;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.nio.file.Path;

/** Loggers with the configuration that is shipped, beside those of the tests. */
final class ShippedLog {
    private ShippedLog() {}

    /** To be stopped by the caller. */
    static LoggerContext open() throws JoranException {
        LoggerContext context = new LoggerContext();
        JoranConfigurator configurator = new JoranConfigurator();
        configurator.setContext(context);
        configurator.doConfigure(Path.of("config/logback.xml").toFile());
        return context;
    }
}
