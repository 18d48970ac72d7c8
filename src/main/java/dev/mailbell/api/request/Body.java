package dev.mailbell.api.request;

import dev.mailbell.api.problem.FieldErrors;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.network.Deadline;
import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.node.ObjectNode;

/** Reads request bodies: one JSON object of at most 1 MiB with the right Content-Type. */
public final class Body {
    public static final int MAX_BYTES = 1024 * 1024;

    private static final String JSON = "application/json";
    private static final Set<String> UTF_8 = Set.of("charset=utf-8", "charset=utf8");
    private static final String MERGE_PATCH = "application/merge-patch+json";
    // A body up to this size is read to its end, so that the client can read the 413 answer.
    private static final long MAX_DRAINED_BYTES = 8L * MAX_BYTES;

    private Body() {}

    /** The body's bytes, unparsed, for callers that hash them. */
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

    /** For requests without a body: accepts no body, or an object without fields. */
    public static void requireEmpty(Context context) {
        byte[] body = read(context);
        if (body.length > 0) {
            requireType(context, Set.of(JSON));
            FieldErrors errors = new FieldErrors();
            for (String name : Json.object(body).propertyNames()) {
                errors.add(
                        TextRules.shown(name), "is not a known field; this request needs no body");
            }
            errors.throwIfAny();
        }
    }

    /** A body that may be left out; an object without fields then. */
    public static ObjectNode optional(Context context) {
        byte[] body = read(context);
        if (body.length == 0) {
            return Json.MAPPER.createObjectNode();
        }
        requireType(context, Set.of(JSON));
        return Json.object(body);
    }

    /**
     * For bodies that are read piece by piece.
     *
     * @throws ProblemException 415 for another type, or a body that is compressed
     */
    public static void requireMediaType(Context context, String type) {
        requireNoEncoding(context);
        if (!mediaType(context.header("Content-Type")).equals(type)) {
            throw new ProblemException(Problem.unsupportedMediaType(type));
        }
    }

    /**
     * The octets of a body of this type.
     *
     * @throws ProblemException 415 for another type
     */
    public static byte[] octets(Context context, String type) {
        requireMediaType(context, type);
        return read(context);
    }

    private static void requireNoEncoding(Context context) {
        String encoding = context.header("Content-Encoding");
        if (encoding != null && !encoding.isBlank() && !encoding.equalsIgnoreCase("identity")) {
            throw new ProblemException(Problem.encodedBody());
        }
    }

    private static void requireType(Context context, Set<String> accepted) {
        requireNoEncoding(context);
        // From the header: the servlet's getContentType() throws on an invalid charset name.
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

    /** The media type without parameters; empty for a charset other than UTF-8 (RFC 8259). */
    private static String mediaType(@Nullable String header) {
        if (header == null) {
            return "";
        }
        String[] parts = header.toLowerCase(Locale.ROOT).split(";", -1);
        for (int i = 1; i < parts.length; i++) {
            String parameter = parts[i].strip().replace("\"", "");
            // Many programs write the name without its hyphen.
            if (parameter.startsWith("charset=") && !UTF_8.contains(parameter)) {
                return "";
            }
        }
        return parts[0].strip();
    }

    private static byte[] read(Context context) {
        long contentLength = context.req().getContentLengthLong();
        if (contentLength > MAX_DRAINED_BYTES) {
            throw new ProblemException(Problem.tooLarge().withHeader("Connection", "close"));
        }
        boolean tooLarge = contentLength > MAX_BYTES;
        if (!tooLarge) {
            BodyBudget.take(context, contentLength);
        }
        Deadline deadline = BodyBudget.arrival(context);
        ByteArrayOutputStream body =
                new ByteArrayOutputStream(tooLarge ? 0 : (int) Math.max(512, contentLength));
        byte[] buffer = new byte[8192];
        long read = 0;
        try (InputStream in = context.req().getInputStream()) {
            int n = in.read(buffer);
            while (n >= 0 && read < MAX_DRAINED_BYTES) {
                read += n;
                if (!tooLarge && read <= MAX_BYTES) {
                    body.write(buffer, 0, n);
                }
                if (deadline.isPast()) {
                    throw new ProblemException(Problem.tooSlow());
                }
                n = in.read(buffer);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("the request's body did not arrive", e);
        }
        if (read <= MAX_BYTES) {
            BodyBudget.keep(context, read);
            return body.toByteArray();
        }
        throw new ProblemException(Problem.tooLarge());
    }
}
