# frozen_string_literal: true

# smile-identity-core for Ruby, as its users call it.
require 'json'
require 'minitest/autorun'
require 'securerandom'
require 'smile-identity-core'

SETTING = JSON.parse(ENV.fetch('SELFSAME_SETTING'))
KEY = SETTING['partner']['sandbox_api_key']
POLL = { return_job_status: true, return_history: true, return_image_links: true }.freeze

class RubyClientTest < Minitest::Test
  def api(key = KEY)
    SmileIdentityCore::WebApi.new('2343', SETTING['callback'], key, "#{SETTING['http']}/v1")
  end

  # The client writes its timestamps as local time with an offset.
  def in_zone(name)
    before = ENV.fetch('TZ', nil)
    ENV['TZ'] = name
    yield
  ensure
    ENV['TZ'] = before
  end

  def submit(user, job_type, photo, web = api)
    params = { user_id: user, job_id: SecureRandom.uuid, job_type: job_type, note: 'kept' }
    web.submit_job(params, [{ image_type_id: 0, image: SETTING['photographs'][photo] }], {}, POLL.dup)
  end

  def test_register_authenticate_refuse_another_face
    user = SecureRandom.uuid
    enrolled = in_zone('UTC') { submit(user, 4, 'obama') }
    assert_equal '0840', enrolled['result']['ResultCode']
    assert_equal 'kept', enrolled['result']['PartnerParams']['note']
    assert_equal(['0840'], enrolled['history'].map { |r| r['ResultCode'] })
    same = in_zone('Africa/Nairobi') { submit(user, 2, 'obama2') }
    assert_equal '0820', same['result']['ResultCode']
    other = in_zone('America/St_Johns') { submit(user, 2, 'biden') }
    assert_equal '0821', other['result']['ResultCode']
    refute other['job_success']
    signed = SmileIdentityCore::Signature.new('2343', KEY)
    assert signed.confirm_signature(other['result']['timestamp'], other['result']['signature'])
  end

  def test_errors_keep_their_codes
    refused = assert_raises(RuntimeError) { submit(SecureRandom.uuid, 2, 'obama') }
    assert_includes refused.message, '"code":"2210"'
    refused = assert_raises(RuntimeError) { submit(SecureRandom.uuid, 4, 'obama', api('wrong')) }
    assert_includes refused.message, '"code":"2205"'
  end

  def test_a_web_token
    asked = { user_id: SecureRandom.uuid, job_id: SecureRandom.uuid, product: 'authentication' }
    refute_empty JSON.parse(api.get_web_token(asked))['token']
  end
end
