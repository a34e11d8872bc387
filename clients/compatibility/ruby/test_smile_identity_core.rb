# frozen_string_literal: true

# smile-identity-core for Ruby, as its users call it: enrolment and authentication.
require_relative 'calling'

class RubyClientTest < Minitest::Test
  include Calling

  def test_register_authenticate_refuse_another_face
    user = SecureRandom.uuid
    enrolled = in_zone('UTC') { submit(user, 4, [file('obama')]) }
    assert_equal '0840', enrolled['result']['ResultCode']
    assert_equal 'kept', enrolled['result']['PartnerParams']['note']
    assert_equal ['0840'], codes(enrolled)
    same = in_zone('Africa/Nairobi') { submit(user, 2, [file('obama2')]) }
    assert_equal '0820', same['result']['ResultCode']
    other = in_zone('America/St_Johns') { submit(user, 2, [file('biden')]) }
    assert_equal '0821', other['result']['ResultCode']
    refute other['job_success']
    assert signed?(other['result'])
  end

  def test_errors_keep_their_codes
    refused('2210') { submit(SecureRandom.uuid, 2, [file('obama')]) }
    refused('2205') { submit(SecureRandom.uuid, 4, [file('obama')], web: api('wrong')) }
  end

  def test_a_web_token
    asked = { user_id: SecureRandom.uuid, job_id: SecureRandom.uuid, product: 'authentication' }
    refute_empty JSON.parse(api.get_web_token(asked))['token']
  end
end
