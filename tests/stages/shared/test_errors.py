from stages.shared.errors import UserError


def test_a_users_mistake_is_no_built_in_error_that_a_handler_might_swallow() -> None:
    assert not issubclass(UserError, (ValueError, OSError, RuntimeError))
