package dev.mailbell.api.request;

import dev.mailbell.network.Deadline;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Bodies of requests: of the right type, of at most 1 MiB, one JSON object. */
public final class Body {
    public static final int MOST = 1024 * 1024;

    private static final String JSON = "application/json";
    private static final String MERGE_PATCH = "application/merge-patch+json";
    // Who sends a little too much shall read the answer and not meet a closed connection.
    private static final long DRAINED = 8L * MOST;
    // A single read ends by the connection's idle timeout; this ends a body that trickles.
    private static final Duration TIME = Duration.ofSeconds(30);

    private Body() {}

    /** The body as it came, for who must compare or hash it. */
    public static byte[] bytes(Context context) {
        requireType(context, Set.of(JSON));
        return read(context);
    }

    public static ObjectNode object(Context context) {
        return Json.object(bytes(context));
    }

    /** A JSON merge patch (RFC 7396). */
    public static ObjectNode patch(Context context) {
        requireType(context, Set.of(MERGE_PATCH, JSON));
        return Json.object(read(context));
    }

    /** For requests that need no body: none, or an object without fields. */
    public static void requireNone(Context context) {
        byte[] body = read(context);
        if (body.length > 0) {
            requireType(context, Set.of(JSON));
            FieldErrors faults = new FieldErrors();
            for (String name : Json.object(body).propertyNames()) {
                faults.add(
                        TextRules.shown(name), "is not a known field; this request needs no body");
            }
            faults.throwIfAny();
        }
    }

    private static void requireType(Context context, Set<String> accepted) {
        // Read as a header: the servlet's own reading fails on a charset that is no name.
        String type = mediaType(context.header("Content-Type"));
        if (!accepted.contains(type)) {
            Problem problem = Problem.unsupportedMediaType(JSON);
            throw new ProblemException(
                    accepted.contains(MERGE_PATCH)
                            ? Problem.unsupportedMediaType(MERGE_PATCH)
                                    .withHeader("Accept-Patch", MERGE_PATCH + ", " + JSON)
                            : problem);
        }
    }

    /** Without its parameters; empty for a charset other than UTF-8, which JSON does not have. */
    private static String mediaType(@Nullable String header) {
        if (header == null) {
            return "";
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            if (parameter.startsWith("charset=") && !parameter.equals("charset=utf-8")) {
                return "";
            }
        }
        return parts[0].strip();
    }

    private static byte[] read(Context context) {
        long announced = context.req().getContentLengthLong();
        if (announced > DRAINED) {
            throw new ProblemException(Problem.tooLarge().withHeader("Connection", "close"));
        }
        Deadline deadline = Deadline.after(TIME);
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        byte[] buffer = new byte[8192];
        long read = 0;
        try (InputStream in = context.req().getInputStream()) {
            int n = in.read(buffer);
            while (n >= 0 && read < DRAINED) {
                read += n;
                if (read <= MOST) {
                    body.write(buffer, 0, n);
                }
                if (deadline.isPast()) {
                    throw new ProblemException(Problem.tooSlow());
                }
                n = in.read(buffer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("a body that did not arrive", e);
        }
        if (read <= MOST) {
            return body.toByteArray();
        }
        throw new ProblemException(Problem.tooLarge());
    }
}
