package dev.mailbell;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.Appender;
import ch.qos.logback.core.OutputStreamAppender;
import ch.qos.logback.core.encoder.EncoderBase;
import dev.mailbell.event.Timestamps;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Lines of the log as JSON: {@code timestamp}, {@code level}, {@code logger}, {@code message}, and
 * {@code exception} with the stack trace where there is one. Characters that could act on a
 * terminal are written as escapes, as in lines of text.
 */
public final class LogJson extends EncoderBase<ILoggingEvent> {
    private static final JsonMapper JSON = new JsonMapper();

    /** Has the log written as JSON from now on, by whatever writes it to a stream. */
    public static void use() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            Iterator<Appender<ILoggingEvent>> appenders =
                    context.getLogger(Logger.ROOT_LOGGER_NAME).iteratorForAppenders();
            while (appenders.hasNext()) {
                if (appenders.next() instanceof OutputStreamAppender<ILoggingEvent> stream) {
                    LogJson encoder = new LogJson();
                    encoder.setContext(context);
                    encoder.start();
                    stream.setEncoder(encoder);
                }
            }
        }
    }

    @Override
    public byte[] headerBytes() {
        return new byte[0];
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        ObjectNode line =
                JSON.createObjectNode()
                        .put("timestamp", Timestamps.text(event.getInstant()))
                        .put("level", event.getLevel().toString())
                        .put("logger", event.getLoggerName())
                        .put("message", safe(event.getFormattedMessage()));
        IThrowableProxy failure = event.getThrowableProxy();
        if (failure != null) {
            line.put("exception", safe(ThrowableProxyUtil.asString(failure)));
        }
        return (JSON.writeValueAsString(line) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static String safe(String text) {
        StringBuilder safe = new StringBuilder(text.length());
        text.chars()
                .forEach(c -> {
                    if (c == '\n' || !LogMessage.isControl(c)) {
                        safe.append((char) c);
                    } else {
                        safe.append("\\u%04x".formatted(c));
                    }
                });
        return safe.toString();
    }

    @Override
    public byte[] footerBytes() {
        return new byte[0];
    }
}
