package dev.mailbell.ui.page;

import dev.mailbell.api.http.PageAccess;
import dev.mailbell.api.http.PageAccess.SignedIn;
import dev.mailbell.api.http.Routes;
import dev.mailbell.api.problem.Problem;
import dev.mailbell.api.problem.ProblemException;
import dev.mailbell.ui.session.Session;
import dev.mailbell.ui.session.Sessions;
import io.javalin.http.Context;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Where people sign in with a key, and sign out. */
final class SignInPages {
    private static final Pattern OWN_PAGE =
            Pattern.compile("/ui/[a-z0-9?&=%+.:/_~-]{0,500}", Pattern.CASE_INSENSITIVE);
    private static final int MAX_KEY = 500;
    private static final int UNAUTHORIZED = 401;
    private static final int TOO_MANY = 429;
    private static final int REFUSED = 422;

    private final PageAccess access;
    private final Sessions sessions;
    private final FormTokens tokens;
    private final Pages pages;

    SignInPages(PageAccess access, Sessions sessions, FormTokens tokens, Pages pages) {
        this.access = access;
        this.sessions = sessions;
        this.tokens = tokens;
        this.pages = pages;
    }

    void addTo(Routes routes) {
        sessions.open(Sessions.SIGN_IN);
        routes.getWithoutKey(Sessions.SIGN_IN, this::show);
        routes.postWithoutKey(Sessions.SIGN_IN, this::signIn);
        pages.post(Sessions.SIGN_OUT, this::signOut);
    }

    private void show(Context context) {
        String to = destination(context.queryParam("to"));
        if (Sessions.of(context).isPresent()) {
            context.redirect(to);
            return;
        }
        show(context, 200, to, null, context.queryParam("ended") != null);
    }

    private void show(
            Context context, int status, String to, @Nullable String fault, boolean ended) {
        pages.show(
                context,
                status,
                "sign-in",
                "Sign in",
                new SignInView(to, tokens.of(context), fault, ended));
    }

    /** A page of this server; anything else becomes the first page. */
    private static String destination(@Nullable String to) {
        return to != null
                        && OWN_PAGE.matcher(to).matches()
                        && !to.contains("//")
                        && !to.startsWith(Sessions.SIGN_IN)
                ? to
                : Pages.HOME;
    }

    private void signIn(Context context) {
        Pages.requireSameOrigin(context);
        Form form = Form.read(context);
        String to = destination(form.text("to").orElse(null));
        if (!tokens.isOfThisBrowser(context, form)) {
            show(context, REFUSED, to, FormTokens.FAULT, false);
            return;
        }
        Optional<String> key = form.text("key").filter(text -> text.length() <= MAX_KEY);
        if (key.isEmpty()) {
            show(context, REFUSED, to, "Enter an API key.", false);
            return;
        }
        SignedIn signedIn;
        try {
            signedIn = access.signIn(context, key.get());
        } catch (ProblemException e) {
            refused(context, to, e.problem());
            return;
        }
        sessions.begin(
                context,
                Session.begin(Sessions.KEY, signedIn.hash(), pages.now().plus(Sessions.LIFE)));
        tokens.remove(context);
        // From here on the audit log knows whose request this is.
        access.admit(context, signedIn.principal(), () -> access.principal(signedIn.hash()));
        context.header("Location", to);
        context.status(303);
    }

    private void refused(Context context, String to, Problem problem) {
        switch (problem.status()) {
            case UNAUTHORIZED ->
                    show(
                            context,
                            REFUSED,
                            to,
                            "This key is not valid: it is mistyped, has expired or was revoked.",
                            false);
            case TOO_MANY -> {
                problem.headers().forEach(context::header);
                show(
                        context,
                        TOO_MANY,
                        to,
                        "There were too many tries from your address. Wait a moment and try again.",
                        false);
            }
            default -> throw new ProblemException(problem);
        }
    }

    private void signOut(PageRequest request) {
        sessions.end(request.context());
        request.redirect(Sessions.SIGN_IN);
    }
}
