package dev.mailbell.routing.node;

import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.PropertyAccessor;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Commands and replies as JSON. A member that the reader does not know is passed over, so that
 * nodes of two versions understand each other.
 */
public final class Messages {
    public static final JsonMapper JSON =
            JsonMapper.builder()
                    .changeDefaultVisibility(checker ->
                            checker.withVisibility(PropertyAccessor.ALL, Visibility.NONE)
                                    .withFieldVisibility(Visibility.ANY)
                                    .withCreatorVisibility(Visibility.ANY))
                    .build();

    private Messages() {}

    /**
     * @param millis the time that the sender waits for the reply
     */
    public record Request(String command, long millis, JsonNode arguments) {}

    public static byte[] request(Command command, Duration time) {
        return JSON.writeValueAsBytes(
                new Request(command.name(), time.toMillis(), JSON.valueToTree(command)));
    }

    /**
     * @throws IllegalArgumentException when it is not a request
     */
    public static Request request(byte[] plain) {
        return read(plain, Request.class);
    }

    /**
     * The command of a request; null for one that this version does not know.
     *
     * @throws IllegalArgumentException when its arguments are not those of the command
     */
    public static @Nullable Command command(Request request) {
        Class<? extends Command> type =
                switch (request.command()) {
                    case "check" -> Command.Check.class;
                    case "trace" -> Command.Trace.class;
                    case "past-checks" -> Command.PastChecks.class;
                    case "position" -> Command.Position.class;
                    case "verify" -> Command.Verify.class;
                    case "live" -> Command.LiveFields.class;
                    case "reload" -> Command.Reload.class;
                    case "status" -> Command.Status.class;
                    default -> null;
                };
        try {
            return type == null ? null : JSON.treeToValue(request.arguments(), type);
        } catch (JacksonException e) {
            throw unreadable();
        }
    }

    public static byte[] reply(Reply reply) {
        return JSON.writeValueAsBytes(reply);
    }

    /**
     * @throws IllegalArgumentException when it is not a reply
     */
    public static Reply reply(byte[] plain) {
        return read(plain, Reply.class);
    }

    private static <T> T read(byte[] plain, Class<T> type) {
        try {
            T read = JSON.readValue(plain, type);
            if (read != null) {
                return read;
            }
        } catch (JacksonException e) {
            throw unreadable();
        }
        throw unreadable();
    }

    /** Without the cause, which quotes what it could not read. */
    private static IllegalArgumentException unreadable() {
        return new IllegalArgumentException("a message of another node is not readable");
    }
}
